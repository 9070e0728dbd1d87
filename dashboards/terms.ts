/** The request did not go through: refused, cut, or asked for more proof. */
export const REFUSED = `outcome NOT IN ('permit', 'error_open')`

/** Somebody presented a password, a second factor or an account that was none. */
export const WRONG_CREDENTIALS = `hasAny(reasons, ['credentials_rejected', 'mfa_rejected', 'account_unknown', 'account_locked'])`
