// Workers that restore a picture together, a strip each at a time.

const MOST_WORKERS = 4;
const STRIP = 128; // rows at most, so that workers that are faster restore more of them
const MOST_BICUBIC = 2; // rows that bicubic interpolation reads beyond a strip

class Pool {
  constructor(engine, lut) {
    this.lut = lut;
    this.address = URL.createObjectURL(new Blob([engine], { type: "text/javascript" }));
    this.count = Math.max(1, Math.min(MOST_WORKERS, navigator.hardwareConcurrency || 2));
    this.start();
  }

  start() {
    this.workers = Array.from({ length: this.count }, () => new Worker(this.address));
    for (const worker of this.workers) worker.postMessage({ lut: this.lut });
  }

  // Stop what is being done: a worker that works hears nothing, so that it is replaced.
  restart() {
    for (const worker of this.workers) worker.terminate();
    this.start();
  }

  // Restore a picture, strip by strip; `show` gets those that are made, and `report` the share.
  restore(picture, show, report) {
    const { height } = picture;
    const rounds = Math.ceil(height / (this.count * STRIP));
    const step = Math.ceil(height / (this.count * rounds));
    const tops = Array.from({ length: Math.ceil(height / step) }, (_, k) => k * step);
    let [left, rows] = [tops.length, 0];
    return new Promise((resolve, reject) => {
      const next = (worker) => {
        if (!tops.length) return;
        const job = this.cut(picture, tops.shift(), step);
        worker.postMessage({ job }, [job.pixels.buffer]);
      };
      for (const worker of this.workers) {
        worker.onerror = (event) => reject(new Error(event.message));
        worker.onmessage = ({ data }) => {
          if (data.rows) return report((rows += data.rows) / height);
          next(worker);
          show(data);
          if (!--left) resolve();
        };
        next(worker);
      }
    });
  }

  // Cut a strip out of a picture, with the rows around it that are read.
  cut({ pixels, width, height, channels }, top, step) {
    const bottom = Math.min(height, top + step);
    const halo = Math.max(MOST_BICUBIC, this.lut.ahead[0]);
    const first = Math.max(0, top - halo);
    const end = Math.min(height, bottom + halo);
    const own = pixels.slice(first * width * channels, end * width * channels);
    return { pixels: own, first, width, height, channels, top, bottom };
  }
}
