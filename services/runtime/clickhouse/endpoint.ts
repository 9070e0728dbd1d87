/** How a ClickHouse is reached, embedded or not. */
export interface ClickHouseEndpoint {
  /** `http://…` or `https://…`; with `socket_path` its host is only a name. */
  readonly url: string
  /** A unix socket to speak HTTP over, instead of the host and port of `url`. */
  readonly socket_path?: string
  readonly username: string
  readonly password: string
  readonly database: string
  /** Whom to trust, and who we are, over `https`; without it the system's authorities. */
  readonly tls?: { readonly ca: Buffer; readonly cert?: Buffer; readonly key?: Buffer }
  /** Tables are on every node of this cluster, replicated and distributed. */
  readonly cluster?: string
  /** An account that can only read, where there is one: what a person's SQL runs as. */
  readonly reader?: { readonly username: string; readonly password: string }
}

/** Database, accounts and secrets of the embedded engine. */
export const DATABASE = 'gatewatch'
export const WRITER = 'gatewatch'
export const READER = 'gatewatch_reader'
export const WRITER_SECRET = 'clickhouse-writer'
export const READER_SECRET = 'clickhouse-reader'
