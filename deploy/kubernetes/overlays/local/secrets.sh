#!/bin/sh
# Makes the Secrets of the local overlay, all values random: secrets.sh | kubectl apply -f -
# Called again it makes other ones, which do not open what is already sealed.
set -eu

password=$(openssl rand -hex 24)

cat <<EOF
apiVersion: v1
kind: Namespace
metadata:
  name: ferrule
EOF

# Prints a Secret: its name, then KEY=VALUE for each entry.
secret() {
    printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: ferrule\nstringData:\n' "$1"
    shift
    for entry in "$@"; do
        printf '  %s: "%s"\n' "${entry%%=*}" "${entry#*=}"
    done
}

secret ferrule-keys "master-keys=k1:$(openssl rand -base64 32)"
secret ferrule-bootstrap "organization=$(openssl rand -hex 16)" "user=$(openssl rand -base64 32)"
secret ferrule-database "password=$password" "url=postgres://ferrule:$password@postgres:5432/ferrule"
secret ferrule-redis "url=redis://redis:6379"
