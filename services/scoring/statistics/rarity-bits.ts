import { backedOffShare } from './backed-off-share.ts'

/**
 * How rare a value is for one subject, in bits, its peers' share standing in
 * for history that it does not have: -log2((c + m pi) / (n + m)).
 *
 * @example rarityBits(0, 50, 0.01, 2) // 11.3
 * @example rarityBits(0, 50, 0.5, 2) // 5.7, peers use it
 * @example rarityBits(10, 50, 0.5, 2) // 2.2, an own habit
 */
export function rarityBits(count: number, total: number, peerShare: number, m: number): number {
  return -Math.log2(backedOffShare(count, total, peerShare, m))
}
