/** Texts by which a person is found in any file; no other text of the world holds one. */
export const ALICE = {
  id: 'alice-q7x',
  session: 'session-of-alice-q7x-0001',
  device: 'laptop-of-alice-q7x',
  ip: '198.51.100.77',
  prefix: '198.51.100.0/24',
  agent: 'AliceBrowser/7.1',
} as const
/** Whose name begins like hers. */
export const BOB = {
  id: 'alice-q7x.smith',
  session: 'session-of-bob-000001',
  device: 'laptop-of-bob',
  ip: '203.0.113.9',
} as const

/** Everything that leads to alice; her network too, since nobody else came from it. */
export const MARKERS = [ALICE.id, ALICE.session, ALICE.device, ALICE.ip, ALICE.prefix, ALICE.agent]

const named = (text: string, word: string): boolean => text.replaceAll(`${ALICE.id}.smith`, '').includes(word)

/** The texts that hold something that leads to alice. */
export function ofAlice(texts: readonly string[]): string[] {
  return texts.filter((text) => MARKERS.some((word) => named(text, word)))
}

/** The texts that name bob alone: neither her, nor somebody erased. */
export function ofBobAlone(texts: readonly string[]): string[] {
  return texts.filter(
    (text) => text.includes(BOB.id) && !/\berased\b/.test(text) && !MARKERS.some((word) => named(text, word)),
  )
}
