import { Agent } from 'undici'

/** Connections to `*.localhost`, which RFC 6761 keeps on this machine but not every resolver knows. */
export function loopbackDispatcher(): Agent {
  return new Agent({
    connections: 16,
    // Well before servers close idle connections: a request must not meet the end of one.
    keepAliveTimeout: 2000,
    connect: {
      timeout: 3000,
      lookup: (_hostname, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]),
    },
  })
}
