import { getBackendSrv } from '@grafana/runtime'
import { Alert, Button, Checkbox, Field, Input } from '@grafana/ui'
import React, { useEffect, useState } from 'react'
import { isComplete, look, type Look, type Need, type Place, save, whatWasSaid } from './data-sources.ts'

/** Which data sources the dashboards need, how each stands, and a form that makes them. */
export function DataSourcesPage() {
  const [seen, setSeen] = useState<Look | null>(null)
  const [trouble, setTrouble] = useState('')
  const [busy, setBusy] = useState(true)
  const during = (work: Promise<Look>): void => {
    setBusy(true)
    setTrouble('')
    work.then(setSeen, (error: unknown) => setTrouble(whatWasSaid(error))).finally(() => setBusy(false))
  }
  useEffect(() => during(look(getBackendSrv())), [])
  const savePlace = (place: Place): void =>
    during(save(getBackendSrv(), place).then(() => look(getBackendSrv())))
  return (
    <div>
      <p>The dashboards ask these data sources. Each has a uid of its own, by which they name it.</p>
      {seen?.needs.map((need) => (
        <Standing key={need.name} {...need} />
      ))}
      {trouble !== '' && (
        <Alert title="Grafana refused" severity="error">
          {trouble}
        </Alert>
      )}
      {seen && <PlaceForm seen={seen} busy={busy} onSave={savePlace} />}
    </div>
  )
}

function Standing({ name, state, said }: Need) {
  const { severity, words } = STANDINGS[state]
  return (
    <Alert title={`${name}: ${words}`} severity={severity}>
      {said}
    </Alert>
  )
}

const STANDINGS = {
  'no-plugin': { severity: 'error', words: 'install its plugin first' },
  missing: { severity: 'warning', words: 'not made yet' },
  answers: { severity: 'success', words: 'answers' },
  fails: { severity: 'error', words: 'does not answer' },
} as const

interface Asked {
  readonly seen: Look
  readonly busy: boolean
  readonly onSave: (place: Place) => void
}

function PlaceForm({ seen, busy, onSave }: Asked) {
  const [place, setPlace] = useState(seen.place)
  const input = (name: keyof typeof LABELS, placeholder = '') => (
    <Field label={LABELS[name]}>
      <Input
        id={name}
        width={60}
        type={name === 'password' ? 'password' : 'text'}
        autoComplete={name === 'password' ? 'new-password' : 'off'}
        value={place[name]}
        placeholder={placeholder}
        onChange={({ currentTarget: { value } }) => setPlace({ ...place, [name]: value.trim() })}
      />
    </Field>
  )
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        onSave(place)
        // Grafana keeps it from here on, and never tells it.
        setPlace({ ...place, password: '' })
      }}
    >
      {input('host')}
      {input('port')}
      <Field>
        <Checkbox
          id="secure"
          label="ClickHouse is asked over TLS"
          value={place.secure}
          onChange={({ currentTarget: { checked } }) => setPlace({ ...place, secure: checked })}
        />
      </Field>
      {input('username')}
      {input('password', seen.kept ? 'as Grafana has it' : '')}
      {input('prometheus', 'http://prometheus:9090')}
      <Button type="submit" disabled={busy || !isComplete(place, seen.kept)}>
        Save data sources
      </Button>
    </form>
  )
}

const LABELS = {
  host: 'ClickHouse host',
  port: "Port of ClickHouse's HTTP interface",
  username: 'Account that only reads',
  password: 'Its password',
  prometheus: 'Address of Prometheus',
}
