import { setImmediate as turn } from 'node:timers/promises'
import { MOST_EXAMPLES, SLICE, type ListContent } from './list-content.ts'
import { ListError } from './list-error.ts'
import { parseNetwork } from './network.ts'
import { MOST_ENTRIES, NetworkSetBuilder } from './network-set.ts'

/**
 * Reads a plain list: an address or CIDR a line, comments after `#` or `;`.
 * What follows the first blank of a line is taken for a remark too.
 *
 * @throws ListError when it holds more than it may, or when fewer of its lines
 *   can be read than not: an error page is no list
 */
export async function readPlainList(text: string): Promise<ListContent> {
  const builder = new NetworkSetBuilder()
  const examples: string[] = []
  let unread = 0
  let number = 0
  for (let from = 0; from < text.length;) {
    const end = text.indexOf('\n', from)
    const line = text.slice(from, end === -1 ? text.length : end)
    from = end === -1 ? text.length : end + 1
    number += 1
    if (number % SLICE === 0) await turn()
    const [entry = ''] = line
      .replace(/[#;].*$/s, '')
      .trim()
      .split(/\s/, 1)
    if (entry === '') continue
    const network = parseNetwork(entry)
    if (network === null) {
      unread += 1
      if (examples.length < MOST_EXAMPLES) examples.push(`line ${number}`)
    } else builder.add(network)
    if (builder.entries > MOST_ENTRIES) throw new ListError(`it has more than ${MOST_ENTRIES} entries`)
  }
  if (unread > builder.entries)
    throw new ListError(`${unread} of its lines are no addresses, from ${examples[0]} on`)
  return { networks: builder.build(), entries: builder.entries, unread, examples, changes_at_ms: Infinity }
}
