/** Authentication context class of a sign-in that a phishing-resistant authenticator proved; the policy's default. */
export const STEP_UP_ACR = 'urn:gatewatch:acr:phishing-resistant'

/** Whether an authorization request asks for the security key (`acr_values`, OpenID Connect Core 3.1.2.1). */
export function asksForKey(params: Readonly<Record<string, unknown>> | undefined): boolean {
  const values = params?.['acr_values']
  return typeof values === 'string' && values.split(' ').includes(STEP_UP_ACR)
}
