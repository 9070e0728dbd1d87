/** What a process can be. `up` is all of them. */
export const ROLES = [
  'scoring',
  'calibration',
  'storage',
  'feedback',
  'verify',
  'collector',
  'gateway',
] as const
export type Role = (typeof ROLES)[number]
