/** A network between a client and a server in one process: it drops, delays, duplicates, cuts and answers 500. */
import { Code, ConnectError } from "@connectrpc/connect";
import { NoAnswerInTime } from "../../src/api/no-answer.ts";
import type { Dice } from "./dice.ts";
import type { VirtualTime } from "./virtual-time.ts";

const faults = [
  "refuse",
  "drop",
  "cut",
  "500",
  "delay",
  "duplicate",
  "drop-answer",
  "cut-answer",
  "500-answer",
] as const;
type Fault = (typeof faults)[number];

const callTimeoutMs = 30_000;
/** A server hears of a call this much later at most than its caller has given up. */
const latestMs = 250;

export class Network {
  /** The share of calls that fail. */
  faultRate = 0;
  /** Nothing gets through to this server path between two times. */
  outage: { readonly fromMs: number; readonly toMs: number } | undefined;
  readonly #time: VirtualTime;
  readonly #dice: Dice;
  readonly #log: (line: string) => void;

  constructor(time: VirtualTime, dice: Dice, log: (line: string) => void) {
    this.#time = time;
    this.#dice = dice;
    this.#log = log;
  }

  /** @param work what the server does; it may be done twice, late, or never. */
  call<T>(name: string, work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const fault = this.#fault();
    this.#log(`${name}: ${fault ?? "passes"}`);
    return new Promise<T>((resolve, reject) => {
      const serve = async (answer: (end: () => void) => void): Promise<void> => {
        this.#time.busy++;
        const end = await work().then(
          (value) => () => resolve(value),
          (error: unknown) => () => reject(error),
        );
        this.#time.busy--;
        answer(end);
      };
      let deliver: (() => void) | undefined;
      const giveUp = (reason: unknown): void => {
        reject(reason);
        const late = deliver;
        deliver = undefined;
        if (late !== undefined) this.#time.after(this.#dice.whole(1, latestMs), late);
      };
      const cancel = this.#time.after(callTimeoutMs, () => giveUp(new NoAnswerInTime(callTimeoutMs)));
      const back = (end: () => void): void => {
        this.#time.after(this.#dice.whole(1, 20), () => {
          cancel();
          end();
        });
      };
      if (signal?.aborted) return giveUp(signal.reason);
      signal?.addEventListener("abort", () => {
        cancel();
        giveUp(signal.reason);
      });
      const failed = () => reject(failureOf(fault));
      const run = (): void => {
        deliver = undefined;
        switch (fault) {
          case undefined:
          case "delay":
            return void serve(back);
          case "refuse":
          case "cut":
          case "500":
            back(failed);
            return;
          case "drop":
            return;
          case "duplicate":
            return void serve(() => this.#time.after(this.#dice.whole(1, latestMs), () => void serve(back)));
          case "drop-answer":
            return void serve(() => {});
          case "cut-answer":
          case "500-answer":
            return void serve(() => back(failed));
        }
      };
      deliver = run;
      const delayMs = fault === "delay" ? this.#dice.whole(100, 2 * callTimeoutMs) : this.#dice.whole(1, 20);
      this.#time.after(delayMs, () => deliver?.());
    });
  }

  #fault(): Fault | undefined {
    const nowMs = this.#time.nowMs();
    if (this.outage !== undefined && nowMs >= this.outage.fromMs && nowMs < this.outage.toMs) return "refuse";
    return this.#dice.chance(this.faultRate) ? this.#dice.pick(faults) : undefined;
  }
}

function failureOf(fault: Fault | undefined): Error {
  if (fault === "500" || fault === "500-answer") return new ConnectError("HTTP 500", Code.Unknown);
  const code = fault === "refuse" ? "ECONNREFUSED" : "ECONNRESET";
  return Object.assign(new Error(code), { code });
}
