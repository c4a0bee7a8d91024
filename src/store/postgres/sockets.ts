import net from "node:net";

/** A store's ways to its database, so that it can be closed while the database does not answer. */
export class Sockets {
  readonly #open = new Set<net.Socket>();
  #isCut = false;

  /** For the driver, which connects it. */
  readonly create = (): net.Socket => {
    const socket = new TurnSocket();
    this.#open.add(socket);
    socket.once("close", () => this.#open.delete(socket));
    if (this.#isCut) socket.destroy();
    return socket;
  };

  /** Whatever waits for an answer is told that the connection was lost; no other one comes about. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.destroy();
  }
}

/**
 * Hands to the system at once what is written in one turn. The driver writes each statement by itself, and a
 * transaction sends a dozen of them in two turns: a third of this process's time for a task went into the calls.
 */
class TurnSocket extends net.Socket {
  #isHeld = false;

  /** The driver does this before each statement. */
  override cork(): void {
    if (this.#isHeld) return;
    this.#isHeld = true;
    super.cork();
    // After all promises that are settled by now.
    process.nextTick(() => {
      this.#isHeld = false;
      super.uncork();
    });
  }

  /** The driver does this after each statement. */
  override uncork(): void {}
}
