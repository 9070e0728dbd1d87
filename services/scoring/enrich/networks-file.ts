import { readFileSync } from 'node:fs'
import ipaddr from 'ipaddr.js'
import { parse } from 'yaml'
import { z } from 'zod'
import { NetworkKind } from '../../../schemas/scored-decision.ts'
import { GatewatchError } from '../../runtime/errors.ts'
import type { Address } from './address.ts'

/** One network that the operator knows better than public tables do. */
export const KnownNetwork = z.strictObject({
  cidr: z.union([z.cidrv4(), z.cidrv6()]),
  city: z.string().max(128).default(''),
  region: z.string().max(128).default(''),
  country: z
    .string()
    .regex(/^([A-Z]{2})?$/)
    .default(''),
  latitude: z.number().min(-90).max(90).nullable().default(null),
  longitude: z.number().min(-180).max(180).nullable().default(null),
  accuracy_km: z.number().min(0).max(20_100).default(10),
  asn: z.int().min(0).max(4_294_967_295).default(0),
  as_org: z.string().max(256).default(''),
  network_kind: NetworkKind.default('access'),
  /** An exit that many of our own people share: as good as `corporate` to detectors. */
  shared: z.boolean().default(false),
})
export type KnownNetwork = z.infer<typeof KnownNetwork>

const NetworksFile = z.strictObject({ networks: z.array(KnownNetwork).max(10_000) })

export type KnownNetworkOf = (address: Address) => KnownNetwork | undefined

/** Reads and checks a networks file; every problem is reported at once, with its path. */
export function readNetworksFile(path: string): KnownNetworkOf {
  let document: unknown
  try {
    document = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new GatewatchError('ERR_CONFIG_INVALID', `scoring.networks_file: ${path} can't be read as YAML.`, {
      cause: error,
    })
  }
  const parsed = NetworksFile.safeParse(document)
  if (!parsed.success) {
    throw new GatewatchError('ERR_CONFIG_INVALID', `${path}: ${z.prettifyError(parsed.error)}`)
  }
  return knownNetworks(parsed.data.networks)
}

/** Looks an address up among known networks; the longest prefix wins. A linear search: its caller keeps answers. */
export function knownNetworks(networks: readonly KnownNetwork[]): KnownNetworkOf {
  const ranges = networks
    .map((network) => ({ network, range: ipaddr.parseCIDR(network.cidr) }))
    .sort((a, b) => b.range[1] - a.range[1])
  return (address) => {
    const parsed = ipaddr.parse(address.text)
    return ranges.find(({ range }) => parsed.kind() === range[0].kind() && parsed.match(range))?.network
  }
}
