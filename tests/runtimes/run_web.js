// Restore pictures as the workers of a page do: a line of JSON for each, answered by another.
"use strict";
const { createInterface } = require("node:readline");
const { createContext, runInContext } = require("node:vm");

let work = null;

// Start what a worker of a page runs; it answers with what it posts.
function startWorker(page) {
  const find = (id) => new RegExp(`<script id="${id}"[^>]*>([^]*?)</script>`).exec(page)[1];
  let answer = null;
  const postMessage = (data) => (answer = data.restored ? data : answer);
  const worker = createContext({ atob, postMessage });
  runInContext(find("engine"), worker);
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
  const { restored, enlarged } = work({ ...job, pixels });
  const print = (values) => Buffer.from(values).toString("base64");
  console.log(JSON.stringify({ restored: print(restored), enlarged: print(enlarged) }));
});
