/** A TCP cable between a session and a sidecar that can be cut, and that can flip a bit of what comes back. */

import { createServer, connect, type Server, type Socket } from 'node:net';

export class Cable {
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  /** Where set, one bit is flipped in a chunk from the server of at least this many bytes, once. */
  damageChunkOf: number | undefined;
  /** Bytes that came from the server. */
  bytes = 0;

  constructor(private readonly to: number) {}

  async start(): Promise<number> {
    const server = createServer((near) => {
      const far = connect(this.to, '127.0.0.1');
      for (const [from, into] of [[near, far], [far, near]] as const) {
        this.#sockets.add(from);
        from.on('error', () => undefined);
        from.on('close', () => {
          this.#sockets.delete(from);
          into.destroy();
        });
      }
      near.on('data', (chunk) => far.write(chunk));
      far.on('data', (chunk: Buffer) => {
        this.bytes += chunk.length;
        if (this.damageChunkOf !== undefined && chunk.length >= this.damageChunkOf) {
          this.damageChunkOf = undefined;
          const at = chunk.length - 100; // voxels, well behind any header
          chunk[at] = (chunk[at] as number) ^ 8;
        }
        near.write(chunk);
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as { port: number }).port;
  }

  /** Breaks what is connected now. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}
