/**
 * What became of one message. A step never throws for bad input: it says so.
 * What is thrown is a fault of ours or of a dependency; the batch is not
 * committed, and the message comes again.
 */
export type Outcome<T, Reason extends string = string> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'drop'; readonly reason: Reason }
  | { readonly kind: 'dead-letter'; readonly reason: Reason; readonly detail: string }
