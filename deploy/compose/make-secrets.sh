#!/bin/sh
# Writes the secrets of deploy/compose.yaml into deploy/compose/secrets/ (mode 0700), at random, each only
# where there is none yet: run it as often as you like. To change one, delete its file, run this, and
# `docker compose -f deploy/compose.yaml up -d --force-recreate`.
set -eu
umask 077
directory=${1:-$(dirname "$0")/secrets}
mkdir -p "$directory"

new() {
  [ -s "$directory/$1" ] || od -An -N32 -tx1 /dev/urandom | tr -d ' \n' > "$directory/$1"
}
sha256() {
  sha256sum < "$directory/$1" | cut -d ' ' -f 1
}

new clickhouse-writer
new clickhouse-reader
new grafana-admin

# ClickHouse knows hashes only; the profile of the reader is in deploy/clickhouse/reader.xml. No grant of SOURCES: no statement reads or writes a file, a URL or another server.
cat > "$directory/clickhouse-users.xml" <<XML
<clickhouse>
    <users>
        <default remove="remove"/>
        <gatewatch>
            <password_sha256_hex>$(sha256 clickhouse-writer)</password_sha256_hex>
            <networks><ip>::/0</ip></networks>
            <profile>default</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT ALL ON gatewatch.*</query>
                <query>GRANT SELECT ON system.*</query>
                <query>GRANT TABLE ENGINE ON *</query>
                <query>GRANT SET DEFINER ON *</query>
            </grants>
        </gatewatch>
        <gatewatch_reader>
            <password_sha256_hex>$(sha256 clickhouse-reader)</password_sha256_hex>
            <networks><ip>::/0</ip></networks>
            <profile>gatewatch_reader</profile>
            <quota>default</quota>
            <grants>
                <query>GRANT SELECT ON gatewatch.*</query>
            </grants>
        </gatewatch_reader>
    </users>
</clickhouse>
XML
# Containers read these as users of their own, so the directory guards them, not the files' modes.
chmod 0444 "$directory"/*
echo "Secrets are in $directory; keep them out of backups that others read."
