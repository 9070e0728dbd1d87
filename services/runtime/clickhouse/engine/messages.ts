import type { ErrorCode } from '../../errors.ts'

/** What the parent tells the engine's process at its start. */
export interface ChildOptions {
  readonly dataDir: string
  readonly listen?: { readonly host: string; readonly port: number } | undefined
  readonly coldDir?: string | undefined
}

/** What the engine's process tells its parent, once. */
export type ChildReport =
  | { readonly kind: 'ready'; readonly version: string; readonly port: number | null }
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
