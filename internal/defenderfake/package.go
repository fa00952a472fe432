package defenderfake

import (
	"archive/zip"
	"bytes"
	"maps"
	"net/http"
	"net/url"
	"time"
)

const (
	packageName = "WDATP_Investigation_Package.zip"
	linkLife    = 5 * time.Minute // "a short time" is all that is documented
)

// link is a way to one package, open to whoever has it.
type link struct {
	action  string
	expires time.Time
}

// packageURI answers with a link once the collection has succeeded; the value carries quotes of its own,
// https://learn.microsoft.com/defender-endpoint/api/get-package-sas-uri.
func (t *tenant) packageURI(x *exchange) reply {
	a, ok := t.seen(x)
	if !ok {
		return noAction(x.param)
	}
	if now := a.at(x.now); now.Type != "CollectInvestigationPackage" || now.Status != ActionSucceeded {
		return refuse(http.StatusNotFound, "ResourceNotFound", "Package of machine action "+x.param+" was not found")
	}
	secret := guid()
	maps.DeleteFunc(t.links, func(_ string, old link) bool { return !x.now.Before(old.expires) })
	t.hand(PackageLink, secret)
	t.links[secret] = link{a.ID, x.now.Add(linkLife)}
	address := t.base + "/safedownload/" + packageName + "?token=" + url.QueryEscape(secret)
	return t.list("Edm.String", `"`+address+`"`)
}

// download serves the package of a link that is still good.
func (t *tenant) download(x *exchange) reply {
	l, ok := t.links[x.query.Get("token")]
	if !ok || !x.now.Before(l.expires) {
		return reply{status: http.StatusForbidden, kind: "application/xml", body: []byte("<Error><Code>AuthenticationFailed</Code></Error>")}
	}
	return reply{status: http.StatusOK, kind: "application/zip", body: bundle(l.action)}
}

// bundle is a small package with the kind of files a real one has.
func bundle(action string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string]string{
		"Forensics Collection Summary.txt": "machine action " + action + "\n",
		"Processes/Processes.csv":          "ProcessId,Name\n4,System\n",
		"Network connections/DnsCache.txt": "contoso.example\n",
	} {
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write([]byte(content))
		}
		if err != nil {
			panic("defenderfake: " + err.Error()) // unreachable: memory does not fail to be written
		}
	}
	if err := z.Close(); err != nil {
		panic("defenderfake: " + err.Error())
	}
	return b.Bytes()
}
