import type { DecisionInput } from '../../../schemas/decision.ts'
import type { KnownNetwork } from '../../../services/scoring/enrich/networks-file.ts'
import { DAY, FIREFOX, HOUR, testEnrich, type Part } from './play.ts'

/** Three providers in three countries, of which nothing nearer is known: who changes between them has not travelled. */
export const enrichByProvider = testEnrich(
  [1, 2, 3].map((index): KnownNetwork => ({
    cidr: `10.${index}.0.0/16`,
    city: '',
    region: '',
    country: ['DE', 'FR', 'PL'][index - 1] ?? '',
    latitude: null,
    longitude: null,
    accuracy_km: 0,
    asn: 64510 + index,
    as_org: `Example ${index}`,
    network_kind: 'access',
    shared: false,
  })),
)

/** From the network of provider 1, 2 or 3. */
export const fromProvider = (network: number, user_agent: string) => ({
  context: { ip: `10.${network}.1.1`, user_agent },
})

/** Twenty days at work, eight hours each, from one network with one browser. */
export const habit = (
  who: string,
  each: (index: number) => Partial<DecisionInput> = () => fromProvider(1, FIREFOX),
): Part[] =>
  Array.from({ length: 20 }, (_, day) => ({
    who,
    fromMs: day * DAY + 8 * HOUR,
    everyMs: HOUR,
    times: 8,
    each,
  }))
