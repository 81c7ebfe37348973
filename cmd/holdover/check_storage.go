package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Magic numbers of file systems that live on another machine (statfs(2)).
var remoteFileSystems = map[int64]string{
	0x6969: "NFS", 0xff534d42: "CIFS", 0xfe534d42: "SMB2", 0x517b: "SMB", 0x65735546: "FUSE", 0x00c36400: "Ceph",
}

func inspectStorage(c *config) []finding {
	const about = "storage"
	dir := c.Storage.Dir
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return []finding{{bad, about, dir + " cannot be made: " + cause(err), "Make it, owned by the service's user."}}
	}
	if err := flushes(dir); err != nil {
		return []finding{{bad, about, dir + " cannot be written and flushed: " + cause(err), "Give the service's user the directory; without a flush to disk no mail can be accepted."}}
	}
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return []finding{{bad, about, dir + " cannot be asked for its space: " + err.Error(), "Use a local disk."}}
	}
	list := []finding{spaceFinding(dir, int64(fs.Bavail)*int64(fs.Bsize), int64(c.Storage.Reserve))}
	if fs.Ffree > 0 && fs.Ffree < 100_000 {
		list = append(list, finding{warn, about, fmt.Sprintf("only %d more files fit on %s", fs.Ffree, dir), "Each message is a file: use a file system with more inodes."})
	}
	if name, remote := remoteFileSystems[int64(fs.Type)]; remote {
		list = append(list, finding{warn, "shared with Exchange: storage", dir + " is a network file system (" + name + ")",
			"If the same storage carries Exchange, both fail together: use a disk of this machine."})
	} else {
		list = append(list, finding{good, "shared with Exchange: storage", dir + " is on a disk of this machine", ""})
	}
	return list
}

func spaceFinding(dir string, free, reserve int64) finding {
	seen := fmt.Sprintf("%s takes writes and flushes; %d MiB are free", dir, free>>20)
	switch {
	case free < reserve:
		return finding{bad, "storage", seen, fmt.Sprintf("That is below the reserve of %d MiB: new mail is deferred. Free some space.", reserve>>20)}
	case free < 10*reserve:
		return finding{warn, "storage", seen, "Plan for 14 days of mail; give the directory more space."}
	}
	return finding{good, "storage", seen, ""}
}

// flushes proves what accepting mail needs: write, flush, rename, flush of the directory.
func flushes(dir string) error {
	f, err := os.CreateTemp(dir, "check-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.WriteString("check"); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}

func inspectCertificates(c *config) []finding {
	var host string
	if u, err := url.Parse(c.Web.URL); err == nil {
		host = u.Hostname()
	}
	list := []finding{certificateFinding("smtp.certificate", c.SMTP.Certificate, c.SMTP.Key, c.SMTP.Host)}
	if len(c.Web.ListenTLS) > 0 {
		list = append(list, certificateFinding("web.certificate", c.Web.Certificate, c.Web.Key, host))
	} else if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		list = append(list, finding{warn, "web.listen_tls", "pages are served without TLS", "Let a proxy on this machine end TLS in front of web.listen, or use web.listen_tls."})
	}
	return list
}

func certificateFinding(about, file, key, host string) finding {
	if file == "" {
		return finding{warn, about, "none is configured", "Mail arrives unencrypted; give certificate and key for STARTTLS."}
	}
	pair, err := tls.LoadX509KeyPair(file, key)
	if err != nil {
		return finding{bad, about, file + " and its key cannot be used: " + err.Error(), "Give the PEM file with the full chain, and the key that belongs to it."}
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return finding{bad, about, file + " cannot be read: " + err.Error(), "Give the PEM file with the full chain."}
	}
	days := int(time.Until(leaf.NotAfter).Hours() / 24)
	switch {
	case time.Now().After(leaf.NotAfter):
		return finding{bad, about, "it ended on " + leaf.NotAfter.Format(time.DateOnly), "Renew it."}
	case leaf.VerifyHostname(host) != nil:
		return finding{bad, about, "it is not for " + host, "Use a certificate that names " + host + "."}
	case days < 21:
		return finding{warn, about, fmt.Sprintf("it ends in %d days", days), "Renew it."}
	}
	return finding{good, about, fmt.Sprintf("it is for %s and good for %d days", host, days), ""}
}
