// forward LISTEN TARGET: hands every connection on. It gives a server of the machine the address of a pod, because
// NetworkPolicies know peers by the labels of their pods.
package main

import (
	"io"
	"log"
	"net"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: forward LISTEN TARGET")
	}
	listener, err := net.Listen("tcp", os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go forward(client.(*net.TCPConn), os.Args[2])
	}
}

func forward(client *net.TCPConn, target string) {
	defer client.Close()
	connection, err := net.Dial("tcp", target)
	if err != nil {
		log.Print(err)
		return
	}
	server := connection.(*net.TCPConn)
	defer server.Close()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]*net.TCPConn{{client, server}, {server, client}} {
		go func() {
			io.Copy(pair[0], pair[1])
			pair[0].CloseWrite()
			done <- struct{}{}
		}()
	}
	<-done
	<-done
}
