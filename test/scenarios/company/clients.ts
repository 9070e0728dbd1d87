import { Dice } from './dice.ts'

/** A browser on a system. Its version rises while the company goes on. */
export interface Client {
  readonly browser: 'chrome' | 'edge' | 'firefox' | 'safari' | 'mobile_safari' | 'mobile_chrome'
  readonly system: 'windows' | 'mac' | 'linux' | 'ios' | 'android'
  /** Day from which the new version runs. */
  readonly upgradeDay: number
}

const SYSTEMS = {
  windows: 'Windows NT 10.0; Win64; x64',
  mac: 'Macintosh; Intel Mac OS X 10_15_7',
  linux: 'X11; Linux x86_64',
  ios: 'iPhone; CPU iPhone OS 18_6 like Mac OS X',
  android: 'Linux; Android 10; K',
} as const

/** A laptop, by what the department is given. Whoever does not restart gets a new version within a week. */
export function laptopClient(department: string, newVersionDay: number, dice: Dice): Client {
  const technical = department === 'engineering' || department === 'it'
  const system = dice.weighted(
    technical ? { windows: 20, mac: 55, linux: 25 } : { windows: 72, mac: 27, linux: 1 },
  )
  const browser = dice.weighted(
    system === 'windows'
      ? { chrome: 48, edge: 44, firefox: 8, safari: 0 }
      : system === 'mac'
        ? { chrome: 60, safari: 33, firefox: 7, edge: 0 }
        : { chrome: 55, firefox: 45, edge: 0, safari: 0 },
  )
  return { browser, system, upgradeDay: newVersionDay + Math.floor(dice.next() ** 2 * 7) }
}

export function phoneClient(newVersionDay: number, dice: Dice): Client {
  const apple = dice.chance(0.58)
  return {
    browser: apple ? 'mobile_safari' : 'mobile_chrome',
    system: apple ? 'ios' : 'android',
    upgradeDay: newVersionDay + dice.whole(0, 9),
  }
}

export function versionOf({ upgradeDay }: Client, day: number): 0 | 1 {
  return day >= upgradeDay ? 1 : 0
}

export function userAgent({ browser, system: name }: Client, version: number): string {
  const system = SYSTEMS[name]
  const chrome = `AppleWebKit/537.36 (KHTML, like Gecko) Chrome/${145 + version}.0.0.0`
  const safari = `AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.${2 + version}`
  const firefox = `${148 + version}.0`
  const products: Readonly<Record<Client['browser'], string>> = {
    chrome: `(${system}) ${chrome} Safari/537.36`,
    edge: `(${system}) ${chrome} Safari/537.36 Edg/${145 + version}.0.0.0`,
    firefox: `(${name === 'mac' ? 'Macintosh; Intel Mac OS X 10.15' : system}; rv:${firefox}) Gecko/20100101 Firefox/${firefox}`,
    safari: `(${system}) ${safari} Safari/605.1.15`,
    mobile_safari: `(${system}) ${safari} Mobile/15E148 Safari/604.1`,
    mobile_chrome: `(${system}) ${chrome} Mobile Safari/537.36`,
  }
  return `Mozilla/5.0 ${products[browser]}`
}

/** A fingerprint as a gateway would compute it: by library, so by family and system, and now and then by version. */
export function tlsFingerprint({ browser, system }: Client, version: number): string {
  const family = system === 'ios' ? 'safari' : browser.replace('mobile_', '').replace('edge', 'chrome')
  const library = family === 'chrome' ? `chrome${version}` : family
  return `t13d1516h2_${new Dice(library).hex(12)}`
}
