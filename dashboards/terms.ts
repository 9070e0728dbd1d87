/** The request did not go through: refused, cut, or asked for more proof. */
export const REFUSED = `outcome NOT IN ('permit', 'error_open')`

/** The request could not be judged, and was let through or refused blindly. */
export const UNDECIDED = `outcome IN ('error_open', 'error_closed')`

/** Somebody presented a password, a second factor or an account that was none. */
export const WRONG_CREDENTIALS = `hasAny(reasons, ['credentials_rejected', 'mfa_rejected', 'account_unknown', 'account_locked'])`

/** Who it was, as findings and risk name people: `user:alice`. */
export const SUBJECT = `concat(subject_type, ':', subject_id)`

/** What was asked for: the template of its path where there is one, since paths hold numbers. */
export const RESOURCE = `if(resource_path_template = '', resource_id, toString(resource_path_template))`

/** The reasons of a decision, in one text. */
export const REASONS = `arrayStringConcat(arrayMap(r -> toString(r), reasons), ', ')`
