/* Restore a picture: a PGM or PPM file of 8 bits into another.
 *
 *     lut IN.ppm OUT.ppm
 */
#include <stdio.h>
#include <stdlib.h>

#include "lut.h"

/* Read a number of a header, after white space and comments; -1 where there is none. */
static int read_number(FILE *file)
{
    int c = getc(file), number = -1;
    while (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '#') {
        while (c == '#' && c != EOF) {
            do {
                c = getc(file);
            } while (c != '\n' && c != EOF);
        }
        c = getc(file);
    }
    for (; c >= '0' && c <= '9' && number < 100000; c = getc(file)) {
        number = (number < 0 ? 0 : number) * 10 + c - '0';
    }
    return number;
}

static int fail(const char *name, const char *what)
{
    fprintf(stderr, "error: %s: %s\n", name, what);
    return 1;
}

int main(int count, char **names)
{
    if (count != 3) {
        fprintf(stderr, "usage: %s IN.ppm OUT.ppm\n", count ? names[0] : "lut");
        return 2;
    }
    FILE *file = fopen(names[1], "rb");
    if (!file) {
        return fail(names[1], "cannot be read");
    }
    int magic = getc(file) == 'P' ? getc(file) : 0;
    int width = read_number(file), height = read_number(file), highest = read_number(file);
    if ((magic != '5' && magic != '6') || width < 1 || height < 1 || width > LUT_MAX_SIDE
        || height > LUT_MAX_SIDE || highest != 255) {
        fclose(file);
        return fail(names[1], "expected a PGM or PPM file of 8 bits (P5 or P6)");
    }
    int channels = magic == '6' ? 3 : 1;
    size_t row = (size_t)width * (size_t)channels, large = row * LUT_SCALE;
    uint8_t *in = malloc(row * (size_t)height), *out = malloc(large * (size_t)height * LUT_SCALE);
    void *work = malloc(LUT_WORK_BYTES(width));
    int status = 1;
    if (!in || !out || !work) {
        fail(names[1], "not enough memory");
    } else if (fread(in, row, (size_t)height, file) != (size_t)height) {
        fail(names[1], "ends too soon");
    } else {
        lut_restore(in, width, height, (ptrdiff_t)row, out, (ptrdiff_t)large, channels, work);
        FILE *target = fopen(names[2], "wb");
        if (target) {
            fprintf(target, "P%c\n%d %d\n255\n", magic, width * LUT_SCALE, height * LUT_SCALE);
            size_t rows = (size_t)height * LUT_SCALE;
            status = fwrite(out, large, rows, target) != rows;
            status |= fclose(target) != 0;
        }
        if (status) {
            fail(names[2], "cannot be written");
        }
    }
    fclose(file);
    free(in);
    free(out);
    free(work);
    return status;
}
