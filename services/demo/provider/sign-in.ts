/** What happened when somebody tried to sign in, as the provider tells it. */
export interface SignIn {
  readonly account: string
  readonly result: 'ok' | 'unknown' | 'wrong'
  readonly ip: string
  readonly user_agent: string
  /** The computer that the company's network proved on the way, by its name; empty: none. */
  readonly device: string
}

/** Records an attempt; the provider answers when it is on disk. */
export type RecordSignIn = (attempt: SignIn) => Promise<void>
