import { expect, it } from 'vitest'
import { verifyChain } from '../support/events/chain.ts'
import { authzenSuite } from './gateway/authzen.ts'
import { bearerTokensSuite } from './gateway/bearer-tokens.ts'
import { proxySuite } from './gateway/proxy.ts'
import { riskSuite } from './gateway/risk.ts'
import { signingInSuite } from './gateway/signing-in.ts'
import { wikiBehindGateway } from './gateway/wiki.ts'

// One gateway for all: each file below is a part of what it promises, on people of its own.
const wiki = wikiBehindGateway()

proxySuite(wiki)
signingInSuite(wiki)
bearerTokensSuite(wiki)
riskSuite(wiki)
authzenSuite(wiki)

it('has numbered and chained every decision of this file, without a gap', async () => {
  const decisions = await wiki.gateway.decisions()
  expect(decisions.length).toBeGreaterThan(40)
  expect(verifyChain(decisions)).toEqual({ boots: 1, links: decisions.length, problems: [] })
})
