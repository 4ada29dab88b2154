// A CoreDNS with only the plugins that the lab needs.
package main

import (
	"github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/health"
	_ "github.com/coredns/coredns/plugin/hosts"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/ready"
	_ "github.com/coredns/coredns/plugin/template"
)

// The order in which they are asked, whatever that of the Corefile is: the last one answers everything.
func init() {
	dnsserver.Directives = []string{"ready", "health", "errors", "cache", "hosts", "kubernetes", "template"}
}

func main() { coremain.Run() }
