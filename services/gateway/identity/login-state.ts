import { z } from 'zod'

/** What is remembered while somebody is away at the provider: sealed in a cookie of the browser that left. */
export const LoginState = z.strictObject({
  host: z.string().min(1).max(253),
  state: z.string().min(16).max(128),
  nonce: z.string().min(16).max(128),
  code_verifier: z.string().min(43).max(128),
  return_to: z.string().regex(/^\//).max(1500),
  acr: z.string().max(256).optional(),
  max_age_s: z.int().min(0),
})
export type LoginState = z.infer<typeof LoginState>
