import { createHmac, timingSafeEqual } from 'node:crypto'

export interface Account {
  readonly id: string
  readonly groups: readonly string[]
}

/** The demo's directory of people. Passwords follow from a secret of the data directory, so that none is written down. */
export interface Accounts {
  find(id: string): Account | undefined
  passwordOf(id: string): string
  check(id: string, password: string): 'ok' | 'unknown' | 'wrong'
}

export function createAccounts(people: readonly Account[], secret: string): Accounts {
  const byId = new Map(people.map((person) => [person.id, person]))
  const passwordOf = (id: string): string => {
    const digest = createHmac('sha256', secret).update(`password of ${id}`).digest('base64url')
    return `${digest.slice(0, 4)}-${digest.slice(4, 8)}-${digest.slice(8, 12)}`.toLowerCase()
  }
  return {
    find: (id) => byId.get(id),
    passwordOf,
    check(id, password) {
      // The comparison is made for an unknown account too: how long it takes tells nobody which accounts exist.
      const same = timingSafeEqual(hashOf(password, secret), hashOf(passwordOf(id), secret))
      if (!byId.has(id)) return 'unknown'
      return same ? 'ok' : 'wrong'
    },
  }
}

function hashOf(text: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(text).digest()
}
