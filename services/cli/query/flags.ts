/** What `gatewatch query` was asked for. */
export interface QueryFlags {
  readonly format?: string
  readonly json?: boolean
  readonly list?: boolean
  readonly saved?: string
  readonly set?: readonly string[]
  readonly save?: string
  readonly title?: string
  readonly replace?: boolean
}
