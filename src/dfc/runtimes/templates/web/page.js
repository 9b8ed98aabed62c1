// The page: pictures come in, are restored by workers, compared and saved.

const $ = (id) => document.getElementById(id);
const LUT = JSON.parse($("lut").textContent);
const pool = new Pool($("engine").textContent, LUT);
const comparison = new Comparison($("result"), LUT.labels);
let asked = null; // the last picture that was asked for
let current = null; // the one that is being restored, or was

function say(text, isError = false) {
  $("status").textContent = text;
  $("status").classList.toggle("error", isError);
}

// Show one state of the page, with the focus on its button where that of another is gone.
const BUTTONS = { empty: "choose", camera: "shoot", working: "cancel", done: "save" };

function enter(state) {
  const { activeElement } = document;
  document.body.dataset.state = state;
  $("working").hidden = state !== "working";
  $("viewfinder").hidden = state !== "camera";
  $("result").hidden = state !== "done";
  $("drop").hidden = state === "camera";
  if (activeElement !== document.body && !activeElement.offsetParent) $(BUTTONS[state]).focus();
}

function printSize({ width, height }) {
  return `${width} × ${height}`;
}

// Say why a picture is too large, or nothing.
function refuse({ width, height }, name) {
  const { most, side } = LUT.limits;
  if (width * height <= most && Math.max(width, height) <= side) return "";
  const limit = `${(most / 1e6).toFixed(1)} million, and ${side} on a side`;
  return `${name} has ${printSize({ width, height })} pixels; this page takes at most ${limit}.`;
}

// Restore a picture of a file, or a frame of a camera. What was restored before stays until then.
async function restore(source, name) {
  const own = (asked = { name });
  say(`Reading ${name}`);
  const bitmap = await createImageBitmap(source).catch(() => null);
  if (asked !== own) return;
  const reason = bitmap ? refuse(bitmap, name) : `${name} is no picture that this browser can read.`;
  if (reason) return say(reason, true);
  stop();
  current = own;
  enter("working");
  say(`Restoring ${name}, ${printSize(bitmap)} pixels`);
  $("progress").value = 0;
  try {
    await restorePixels(takePixels(bitmap), own);
  } catch (error) {
    if (current !== own) return;
    stop();
    say(`This browser could not restore ${name}: ${error.message}`, true);
  }
}

async function restorePixels(picture, own) {
  const { scale, labels } = LUT;
  const size = { width: picture.width * scale, height: picture.height * scale };
  const start = performance.now();
  comparison.begin(size);
  const draw = (strip) => comparison.draw(strip, scale);
  await pool.restore(picture, draw, (share) => ($("progress").value = share));
  const seconds = (performance.now() - start) / 1000;
  $("before").setAttribute("aria-label", `${own.name}, ${labels.before}`);
  $("after").setAttribute("aria-label", `${own.name}, ${labels.after}`);
  enter("done");
  comparison.end();
  say(`${own.name}: ${printSize(size)} pixels in ${seconds.toFixed(2)} seconds`);
}

// Stop whatever is going on, and forget the picture.
function stop() {
  if (document.body.dataset.state === "working") pool.restart();
  stopTracks($("video").srcObject);
  $("video").srcObject = null;
  current = null;
  enter("empty");
}

function takeFirst(files, missing) {
  const file = [...files].find(({ type }) => type.startsWith("image/")) ?? files[0];
  if (file) restore(file, file.name || "The picture");
  else say(missing, true);
}

async function save() {
  const blob = await new Promise((resolve) => comparison.after.toBlob(resolve, "image/png"));
  if (!blob) return say("This browser could not make a file of so large a picture.", true);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = `${current.name.replace(/\.[^.]*$/, "")}-${LUT.name}.png`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

async function openCamera() {
  const own = (asked = { name: "camera" });
  const video = { facingMode: "environment", width: { ideal: LUT.scale > 1 ? 640 : 1920 } };
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video });
    if (asked !== own) return stopTracks(stream);
    stop();
    enter("camera");
    say("");
    $("video").srcObject = stream;
  } catch {
    say("There is no camera that this page may use.", true);
  }
}

function stopTracks(stream) {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

function shoot() {
  if ($("video").videoWidth) restore($("video"), "camera");
}

$("choose").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", () => {
  takeFirst($("file").files, "No picture was chosen.");
  $("file").value = ""; // the same file may be chosen again
});
$("save").addEventListener("click", save);
$("cancel").addEventListener("click", () => {
  stop();
  say("Cancelled");
});
$("camera").hidden = !navigator.mediaDevices?.getUserMedia;
$("camera").addEventListener("click", openCamera);
$("shoot").addEventListener("click", shoot);
$("close").addEventListener("click", stop);
addEventListener("paste", (event) => takeFirst(event.clipboardData.files, "The clipboard holds no picture."));
addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dragging");
});
addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) document.body.classList.remove("dragging");
});
addEventListener("drop", (event) => {
  event.preventDefault();
  document.body.classList.remove("dragging");
  takeFirst(event.dataTransfer.files, "That was no picture.");
});
enter("empty");
