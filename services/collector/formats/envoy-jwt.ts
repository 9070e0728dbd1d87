import { isObject, objectOf, textOf, type JsonObject } from './json.ts'

/**
 * The subject of a token that Envoy has verified, from the metadata of its
 * filters; '' when there is none.
 *
 * @see "JWT Authentication", Envoy documentation: payload_in_metadata.
 */
export function claimedSubject(filters: JsonObject | undefined): string {
  const jwt = objectOf(filters, 'envoy.filters.http.jwt_authn')
  if (jwt === undefined) return ''
  for (const payload of [jwt, ...Object.values(jwt)]) {
    const claimed = isObject(payload) ? textOf(payload, 'sub') : ''
    if (claimed !== '') return claimed
  }
  return ''
}
