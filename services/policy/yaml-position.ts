import { isMap, isNode, isScalar } from 'yaml'
import type { Document } from 'yaml'

/**
 * Where the value at `path` begins in the YAML text, in characters; of a missing
 * one, what should hold it; of an empty document, where that begins. `offset`
 * counts characters into a text that stands on one line.
 */
export function positionOf(document: Document, path: readonly PropertyKey[], offset?: number): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true)
    if (!isNode(node) || !node.range) continue
    if (length < path.length || offset === undefined || !isScalar(node)) return node.range[0]
    // Block and folded texts don't map one to one onto the file: their beginning has to do.
    if (node.type === 'PLAIN') return node.range[0] + offset
    if (node.type === 'QUOTE_SINGLE' || node.type === 'QUOTE_DOUBLE') return node.range[0] + 1 + offset
    return node.range[0]
  }
  return document.range?.[0] ?? 0
}

/** Where a key of the map at `path` stands; a missing one is where the map is. */
export function keyPosition(document: Document, path: readonly PropertyKey[], key: string): number {
  const node: unknown = path.length === 0 ? document.contents : document.getIn(path, true)
  if (isMap(node)) {
    for (const pair of node.items) {
      if (isScalar(pair.key) && pair.key.value === key && pair.key.range) return pair.key.range[0]
    }
  }
  return positionOf(document, path)
}
