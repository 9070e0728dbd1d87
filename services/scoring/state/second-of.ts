/** The second of an event since the epoch, as state holds it: 0 stands for never. */
export function secondOf({ at_ms }: { readonly at_ms: number }): number {
  return Math.max(0, Math.floor(at_ms / 1000))
}
