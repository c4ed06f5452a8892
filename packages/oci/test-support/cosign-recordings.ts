/**
 * What cosign has written for the digest `SIGNED_DIGEST` in the repository `team/app`, without a transparency log:
 * `cosign generate-key-pair` with the password "hunter2", and `cosign sign` 2.6.5 and 3.1.3.
 */
export const SIGNED_DIGEST = 'sha256:ce63fea910e7d52fdc52defc570dfeaeedd995279570aeb10eeeaf3c168291fe';

export const COSIGN_KEY = `-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----
eyJrZGYiOnsibmFtZSI6InNjcnlwdCIsInBhcmFtcyI6eyJOIjo2NTUzNiwiciI6
OCwicCI6MX0sInNhbHQiOiIvNk1jTnFPUWNRUnh4YVpzaHhRQm0zRkkxdEFFYzVW
K0VaQXlONG1FZWpNPSJ9LCJjaXBoZXIiOnsibmFtZSI6Im5hY2wvc2VjcmV0Ym94
Iiwibm9uY2UiOiI3QitwdHJnN0pPbzU4MVI1VnozSTJhNnpGN3NrRHRWMiJ9LCJj
aXBoZXJ0ZXh0IjoiQkhmK0p0S0dKaFUrZU1EL2VhdklDZlVEeWJwSTR1RTBUT1h5
QWdOQXpPL3FUVmtkMnpaVmhjeE4wN2J0L3FOQTRXQWpkY0tNUVBUbkZMYUo4RzRv
ZmlNNU1VYVVrSTkwcVEwZXd3MzJPRlRQOTR1ZHRQZlR4KzQ5QU40dWp3SDFOSm8r
SDhzWjc0NXE5dGlQY2ljeSs0dFhnRFhjaVZOYzFOWUp2S1RwOVU5cVlYaFlzUHI2
WCs4dEFJOHp6Ym1mWVBwVWNkbVdDeWQrZWc9PSJ9
-----END ENCRYPTED SIGSTORE PRIVATE KEY-----
`;

export const COSIGN_PUBLIC_KEY = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEAmgiHVN9b8vYHrGRU3RqOyODo58K
pjl7kW6eTJhY3kZMCqGFWgOwxjVwAt7weZOZnWg3KF0v1kiaGAFIYpUPUg==
-----END PUBLIC KEY-----
`;

/** The payload of cosign 2, in a layer. */
export const PAYLOAD =
  '{"critical":{"identity":{"docker-reference":"127.0.0.1:5055/team/app"},"image":{"docker-manifest-digest":"sha256:ce63fea910e7d52fdc52defc570dfeaeedd995279570aeb10eeeaf3c168291fe"},"type":"cosign container image signature"},"optional":null}';

/** The signature of the payload, in an annotation of the layer. */
export const PAYLOAD_SIGNATURE =
  'MEQCIGQw7qhGDq3lr5xfs69gU4+GmNM6MmxN/lBaB4fm1XT2AiAJ5mlqwUPgsl7kVsfDcS64P4P1LVufnbXnHhYEDkcxpg==';

/** The bundle of cosign 3, in the layer of an attached image. */
export const BUNDLE =
  '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"WD63oASnIvBpSGtGdoWntXAF38fTJWPknbazWvFCcrA="}},"dsseEnvelope":{"payload":"eyJfdHlwZSI6Imh0dHBzOi8vaW4tdG90by5pby9TdGF0ZW1lbnQvdjEiLCJzdWJqZWN0IjpbeyJkaWdlc3QiOnsic2hhMjU2IjoiY2U2M2ZlYTkxMGU3ZDUyZmRjNTJkZWZjNTcwZGZlYWVlZGQ5OTUyNzk1NzBhZWIxMGVlZWFmM2MxNjgyOTFmZSJ9LCJhbm5vdGF0aW9ucyI6e319XSwicHJlZGljYXRlVHlwZSI6Imh0dHBzOi8vc2lnc3RvcmUuZGV2L2Nvc2lnbi9zaWduL3YxIiwicHJlZGljYXRlIjp7fX0=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"MEYCIQDYd9nV3InOEzpFaYYV/2unhcUNOut0pubj0vqiAk8KZgIhAL/cmDQrnVpYm37ykmL/W74PcQRm2XKQJDBxrbsANO9w"}]}}';
