import type { FastifyInstance } from 'fastify'

/** Twice this (proxy and decision point), and the recorder's patience, stay below the 10 s of a whole stop. */
const PATIENCE_MS = 2_000

/**
 * Closes a server whose requests shall be answered: nothing new is let in, what
 * is under way has two seconds to end, and then is cut off, since a WebSocket or
 * a stream would never end by itself. The server must have been built to close
 * idle connections only. `cut` ends what the server does not count as its own.
 */
export async function closeServer(app: FastifyInstance, cut: () => void = () => {}): Promise<void> {
  const timer = setTimeout(() => {
    cut()
    app.server.closeAllConnections()
  }, PATIENCE_MS)
  try {
    await app.close()
  } finally {
    clearTimeout(timer)
  }
}
