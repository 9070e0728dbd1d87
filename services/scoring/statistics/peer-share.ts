/**
 * Weight of a shared group of some size: people of a small group are more alike
 * than people of a large one.
 *
 * @see Adamic, Adar, "Friends and Neighbors on the Web", Social Networks 2003.
 * @example groupWeight(3) // 0.721
 * @example groupWeight(1000) // 0.145
 */
export function groupWeight(size: number): number {
  return 1 / Math.log(1 + Math.max(1, size))
}

/**
 * Share of peers that use a value, from sums over groups: (users + a pi) /
 * (peers + a), both weighted by group, with the tenant's share pi as `a` peers.
 *
 * @example peerShare(0, 0, 0.1) // 0.1, nobody to compare with
 * @example peerShare(4, 5, 0.1) // 0.6
 */
export function peerShare(weightedUsers: number, weightedPeers: number, tenantShare: number, a = 2): number {
  return (weightedUsers + a * tenantShare) / (weightedPeers + a)
}
