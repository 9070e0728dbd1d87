export interface CookieOptions {
  readonly path: string
  readonly max_age_s: number
}

/**
 * A Set-Cookie value (RFC 6265): unreadable for scripts, bound to this host,
 * sent along when somebody follows a link to the application, and not by other
 * sites' forms and frames. Over TLS it never goes out in the clear.
 */
export function setCookie(
  name: string,
  value: string,
  scheme: 'http' | 'https',
  { path, max_age_s }: CookieOptions,
): string {
  const secure = scheme === 'https' ? '; Secure' : ''
  return `${name}=${value}; Path=${path}; Max-Age=${max_age_s}; HttpOnly; SameSite=Lax${secure}`
}

export function clearCookie(name: string, scheme: 'http' | 'https', path: string): string {
  return setCookie(name, '', scheme, { path, max_age_s: 0 })
}
