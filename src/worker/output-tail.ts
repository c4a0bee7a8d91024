import type { Readable } from "node:stream";

/** What is kept of one pipe: enough for a long traceback, little enough for a worker that floods it. */
const tailBytes = 64 * 1024;

/** Reads a pipe for as long as it is open and keeps its end. An unread pipe blocks the worker's prints for ever. */
export class OutputTail {
  readonly #chunks: Buffer[] = [];
  #keptBytes = 0;
  #droppedBytes = 0;

  constructor(pipe: Readable) {
    pipe.on("data", (chunk: Buffer) => this.#keep(chunk));
    // A pipe may break when the worker dies; its exit is what counts.
    pipe.on("error", () => {});
  }

  #keep(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#keptBytes += chunk.length;
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      if (this.#keptBytes - first.length < tailBytes) break;
      this.#chunks.shift();
      this.#keptBytes -= first.length;
      this.#droppedBytes += first.length;
    }
  }

  /** The last bytes as text, with a first line that says so when something was left out. */
  text(): string {
    const whole = Buffer.concat(this.#chunks);
    const kept = whole.subarray(Math.max(0, whole.length - tailBytes));
    const dropped = this.#droppedBytes + whole.length - kept.length;
    const text = kept.toString("utf8");
    return dropped === 0 ? text : `[${dropped} bytes left out]\n${text.slice(text.indexOf("\n") + 1)}`;
  }
}
