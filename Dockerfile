# The image is one static binary and the certificates it trusts; there is no
# shell in it. The fakes are not even in the build context (.dockerignore).
# A release's image is made without a container engine (make image) and holds the
# same, with its version; this is for who has an engine and no Go.
FROM --platform=$BUILDPLATFORM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG TARGETOS TARGETARCH
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w" -o /bot ./cmd/bot

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY THIRD_PARTY_LICENSES.txt /THIRD_PARTY_LICENSES.txt
COPY --from=build /bot /bot
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/bot"]
