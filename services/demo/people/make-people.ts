import { type Random, seedOf, seededRandom } from '../random.ts'
import type { Agent, Habit, Person, Role, Target } from './person.ts'
import { sites } from './places.ts'

const NAMES =
  'alice bruno chloe dario elena farid greta hugo ines jonas kaya liam mona nils olga pablo quinn rosa samir tilda umar vera wanda ximena yusuf zoe anton bella cyrus dina emil frida gabor hanna ivan julia kofi lena marco nadia oscar petra ravi sofia tomas ulla victor wren yara zeno'.split(
    ' ',
  )

/** One role for each five people, so that every site has somebody of each. */
const ROLES: readonly Role[] = [
  'engineering',
  'operations',
  'people-team',
  'finance',
  'sales',
  'engineering',
  'operations',
  'finance',
  'people-team',
  'engineering',
]

const LAPTOPS = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36',
  'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
  'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0.0.0',
]
const PHONES = [
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36',
]

/** The demo's people: fifty, the same ones every time. */
export function makePeople(): Person[] {
  return NAMES.map((id, index) => {
    const random = seededRandom(seedOf(`person/${id}`))
    const site = sites[index % sites.length] ?? sites[0]
    if (!site) throw new RangeError('the company has no site')
    const role = ROLES[Math.floor(index / sites.length) % ROLES.length] ?? 'sales'
    return {
      id,
      role,
      groups: ['staff', role],
      site,
      home: random.below(site.homes.length),
      host: 10 + index * 4,
      // Larks and owls: the day begins between 6:30 and 10:30.
      starts_h: 6.5 + random.next() * 4,
      hours: 8 + random.next() * 2.5,
      pace: 0.7 + seededRandom(seedOf(`pace/${id}`)).next() * 0.6,
      office_share: 0.2 + random.next() * 0.7,
      agents: [agent('laptop', random.pick(LAPTOPS)), agent('phone', random.pick(PHONES))],
      habits: HABITS[role](random),
      // Whoever handles money does it on one remote desktop, which all of them share.
      computer: role === 'finance' ? 'finance-desktop' : `laptop-${id}`,
    }
  })
}

function agent(kind: Agent['kind'], user_agent: string): Agent {
  return { kind, user_agent }
}

/** What each role opens. The favourites differ between people, and are visited after Zipf's law. */
const HABITS: Readonly<Record<Role, (random: Random) => Habit[]>> = {
  engineering: (random) => [
    ...weighted(favourites(random, 8, 40, page), 5),
    ...weighted(favourites(random, 4, 12, service), 6),
    { target: get('deploy', '/builds'), weight: 3 },
    { target: get('deploy', '/logs/stream'), weight: 1.5, stream: true },
  ],
  operations: (random) => [
    ...weighted(favourites(random, 8, 40, page), 3),
    ...weighted(favourites(random, 8, 12, service), 8),
    ...weighted(favourites(random, 4, 12, deployment), 2),
    { target: get('deploy', '/builds'), weight: 2 },
    { target: get('deploy', '/logs/stream'), weight: 1.5, stream: true },
  ],
  'people-team': (random) => [
    ...weighted(favourites(random, 8, 40, page), 3),
    ...weighted(favourites(random, 12, 60, file), 7),
    { target: get('records', '/people'), weight: 2 },
  ],
  finance: (random) => [
    ...weighted(favourites(random, 8, 40, page), 3),
    ...weighted(favourites(random, 10, 60, payroll), 6),
    { target: get('records', '/people'), weight: 1 },
    // Who closes the books exports now and then: one of them, not all.
    ...(random.next() < 0.2 ? [{ target: get('records', '/export/2026'), weight: 0.3 }] : []),
  ],
  sales: (random) => [
    ...weighted(favourites(random, 8, 40, page), 8),
    { target: get('records', '/people'), weight: 1 },
  ],
}

function page(n: number): Target {
  return get('wiki', `/pages/${n}`)
}

function file(n: number): Target {
  return get('records', `/people/${n}`)
}

function payroll(n: number): Target {
  return get('records', `/payroll/${n}`)
}

function deployment(n: number): Target {
  return { app: 'deploy', method: 'POST', path: `/services/${n}/deploy` }
}

function service(n: number): Target {
  return get('deploy', `/services/${n}`)
}

function get(app: Target['app'], path: string): Target {
  return { app, method: 'GET', path }
}

/** `count` different ones of `of` numbered things. */
function favourites(random: Random, count: number, of: number, make: (n: number) => Target): Target[] {
  const chosen = new Set<number>()
  while (chosen.size < Math.min(count, of)) chosen.add(1 + random.below(of))
  return [...chosen].map(make)
}

/** Weights that fall as 1/rank and sum to `total`. */
function weighted(targets: readonly Target[], total: number): Habit[] {
  const sum = targets.reduce((all, _target, rank) => all + 1 / (rank + 1), 0)
  return targets.map((target, rank) => ({ target, weight: total / (rank + 1) / sum }))
}
