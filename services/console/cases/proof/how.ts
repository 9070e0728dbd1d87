/** What a case file tells whoever wants to check it by hand. */
export const HOW = [
  'C(x) is the RFC 8785 canonical JSON form of x; hashes are SHA-256, as lower-case hexadecimal text.',
  "Each stretch begins with prev_hash, the hash before its first link. Each link's hash is H(hash before + rest + personal_hash), as text put together.",
  'rest is C(event without subject, device, context, unmapped, policy.inputs and chain); of decisions that are not of this case it is given as it was hashed, and their personal fields are left out.',
  'personal_hash of a decision of this case is H(link.salt + C({context, device, policy_inputs, subject, unmapped})), of those that are there; where a person was erased, the commitment alone is left.',
  'The hash of the last link must be the one that the checkpoint signs: its own hash, its prev_hash, or the hash in its previous_boot, as `signed` says.',
  'The checkpoint is signed with Ed25519 over "gatewatch-checkpoint-v1", a newline and C(checkpoint without signature); its public_key must be one that you trust, or vouched for by one in endorsements.',
  'What was looked up, findings, risk and verdicts are no part of the chain; the seal signs them as whoever made this file read them.',
  'All of this is done by: gatewatch case check FILE --key PUBLIC_KEY',
].join('\n')
