import type { FastifyInstance } from 'fastify'
import { GatewatchError } from '../errors.ts'

export interface ListenAddress {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** The setting that names the port, for the error: `gateway.port`. */
  readonly setting: string
}

/** Starts listening and resolves to the port. A port that can't be had is one sentence with a remedy. */
export async function listen(app: FastifyInstance, address: ListenAddress): Promise<number> {
  try {
    await app.listen({ host: address.host, port: address.port })
  } catch (error) {
    throw listenError(error, address)
  }
  const bound = app.server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : address.port
}

/** The sentence for a listener's failure; for servers other than fastify's. */
export function listenError(error: unknown, { host, port, setting }: ListenAddress): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const variable = `GATEWATCH_${setting.replaceAll('.', '__').toUpperCase()}`
  const sentence =
    code === 'EADDRINUSE'
      ? `Port ${port} on ${host} is taken by another program; stop that one, or set ${setting} (${variable}) to a free port.`
      : code === 'EACCES'
        ? `Port ${port} on ${host} may not be opened by this user; set ${setting} (${variable}) to one above 1023.`
        : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND'
          ? `This machine has no address ${host} to listen on; correct the host beside ${setting}.`
          : null
  return sentence === null ? error : new GatewatchError('ERR_PORT_TAKEN', sentence, { cause: error })
}
