import net from "node:net";

/** A store's ways to its database, so that it can be closed while the database does not answer. */
export class Sockets {
  readonly #open = new Set<net.Socket>();
  #isCut = false;

  /** For the driver, which connects it. */
  readonly create = (): net.Socket => {
    const socket = new net.Socket();
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
