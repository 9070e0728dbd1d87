/** What a process can be. `up` is all of them. */
export const ROLES = ['scoring', 'calibration', 'storage', 'feedback', 'verify', 'gateway'] as const
export type Role = (typeof ROLES)[number]
