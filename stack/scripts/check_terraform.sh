#!/usr/bin/env bash
# Checks infra/ as the CI stage does: terraform fmt and validate. Reads no state, calls no cloud.
#
# Microsoft's agents have no Terraform: there it is fetched and its checksum compared. On a machine
# of your own it is not installed behind your back: without it the step warns and succeeds.
set -euo pipefail

version=1.11.4
cd "$(dirname "$0")/.."
export CHECKPOINT_DISABLE=1 TF_IN_AUTOMATION=1

fetch() {
  local folder=$1 file="terraform_${version}_linux_amd64.zip"
  local from="https://releases.hashicorp.com/terraform/$version"
  (
    cd "$folder"
    curl --fail --silent --show-error --location --retry 3 --max-time 120 \
      --remote-name "$from/$file" --remote-name "$from/terraform_${version}_SHA256SUMS"
    grep " $file\$" "terraform_${version}_SHA256SUMS" | sha256sum --check --quiet
    unzip -q "$file" terraform
  )
}

temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

# ImageOS is set on the machine images of Microsoft's agents and nowhere else
if ! command -v terraform >/dev/null && [ -n "${ImageOS:-}" ]; then
  fetch "$temporary"
  export PATH="$temporary:$PATH"
fi
if ! command -v terraform >/dev/null; then
  echo '##vso[task.logissue type=warning]Terraform is not installed: infra/ was not checked. https://developer.hashicorp.com/terraform/install'
  exit 0
fi

terraform version
if ! terraform fmt -check -recursive -diff infra || ! terraform fmt -check -diff environments; then
  echo '##vso[task.logissue type=error]Files are not formatted: terraform fmt -recursive infra environments'
  exit 1
fi
# in a copy, so that neither .terraform nor a lock file is left in the checkout
cp -R infra "$temporary/infra"
find "$temporary/infra" -name .terraform -prune -exec rm -rf {} +
for folder in infra/bootstrap infra; do
  terraform -chdir="$temporary/$folder" init -backend=false -input=false -no-color
  terraform -chdir="$temporary/$folder" validate -no-color
done
