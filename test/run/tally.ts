/** How many checks or tests ended how. */
export interface Tally {
  passed: number
  failed: number
  skipped: number
}
