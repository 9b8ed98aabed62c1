// Restore pictures as the workers of a page do: a line of JSON for each, answered by another.
"use strict";
const { createInterface } = require("node:readline");

let work = null;

// Start what a worker of a page runs, in a function: V8 is slow in contexts of its module `vm`.
function startWorker(page) {
  const find = (id) => new RegExp(`<script id="${id}"[^>]*>([^]*?)</script>`).exec(page)[1];
  let answer = null;
  const worker = {};
  const postMessage = (data) => (answer = data.restored ? data : answer);
  new Function("globalThis", "postMessage", find("engine"))(worker, postMessage);
  worker.onmessage({ data: { lut: JSON.parse(find("lut")) } });
  return (job) => {
    worker.onmessage({ data: { job } });
    return answer;
  };
}

createInterface({ input: process.stdin }).on("line", (line) => {
  const { page, job } = JSON.parse(line);
  if (page) work = startWorker(page);
  const pixels = new Uint8Array(Buffer.from(job.pixels, "base64"));
  const start = performance.now();
  const { restored, enlarged } = work({ ...job, pixels });
  const seconds = (performance.now() - start) / 1000;
  const print = (values) => Buffer.from(values).toString("base64");
  console.log(JSON.stringify({ restored: print(restored), enlarged: print(enlarged), seconds }));
});
