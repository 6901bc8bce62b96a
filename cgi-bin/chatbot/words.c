/*
 * The words the assistant knows, row by row: what they mean, in Korean and in English.  Products and hobbies are in
 * interest.c, the service's own facts in fact.c.  How forms are written is said at utterance_find.
 */
#include <stddef.h>

#include "house.h"

/* Where forms of two rows overlap in a message, the row further up has it: "no thanks" is no "no". */
const struct word words_meanings[] = {
	{ M_GREETING,
	  "저기요|=여기요|=있잖아|안녕|좋은아침|좋은저녁|굿모닝|굿애프터눈|안뇽|안냥|반가|=하이|=하잉|=ㅎㅇ|=ㅎㅇㅎㅇ|^하이용|^하잉|^헬로|👋",
	  "hi|hii|hello|helo|hey|hiya|howdy|=yo|=sup|whats up|good morning|good afternoon|good evening|good day|=morning|=evening|greetings" },
	{ M_DECLINE,
	  "됐어|됐습|됐네|^됐다|그만볼|그만살|그만해도|=됐|괜찮습니다|=괜찮아요|=괜찮아|괜찮아됐|아니괜찮|아니요괜찮|"
	  "안살|안사|살생각없|안할|안볼|안해도|하지마|하지말|필요없|관두|관둘|다음에|나중에|"
	  "사양|말하기싫|말하고싶지않|안알려|말안할|비밀|건드리지마|말시키지마|냅둬|패스|넘어가|건너뛰|건너뛸|관심없|생각해볼|생각좀|고민해볼|고민좀|보류",
	  "no thanks|no thank you|not now|not today|nothing|=never mind|=nevermind|=nvm|forget it|"
	  "im good|im fine thanks|ill pass|not interested|rather not|=pass|skip*|dont want to|"
	  "dont want anything|dont need|do not need|dont recommend|no recommend*|maybe later|"
	  "=later|another time|dont buy|wont buy|not buying|none of your business|"
	  "leave me alone|private|dont want to say|think about it|think it over|sleep on it" },
	{ M_RUDE,
	  "장난해|장난하냐|똑바로|제대로좀|신고할|사장나와|사장님나와|바보|멍청|병신|ㅂㅅ|꺼져|닥쳐|쓰레기|씨발놈|ㅗㅗ|쓸모없|쓸데없|답답하네|못알아|말귀|짜증나게",
	  "not helpful|unhelpful|not listening|stupid|idiot|useless|dumb|fuck you|fuck off|shut up|you suck|moron|screw you|piss off|rubbish|"
	  "dont understand me|not what i asked|not what i said|this sucks|you are bad" },
	{ M_FOREIGN, NULL,
	  "bonjour|merci|=oui|=salut|je suis|jaime|je veux|hola|gracias|buenos dias|por favor|estoy|quiero|"
	  "guten tag|danke|ich bin|ich mag|ich will|ciao|grazie|=si|konnichiwa|arigato*|ni hao|xie xie|"
	  "ola|obrigado|obrigada|xin chao|spasibo|privet" },
	{ M_BEST, "더알려|더자세|자세히알려|자세히보",
	  "more about|more info*|more details|tell me more|know more" },
	{ M_BACK, "아까거|아까것|아까보여준|이전거|이전것|방금전|먼저보여준|처음보여준|되돌려|뒤로가",
	  "go back|previous|=prev|=back|=undo|earlier ones|ones before|first ones" },
	{ M_COMPARE,
	  "둘중|셋중|고민되|고민중|고민이네|이게뭐야|이게뭐|이건뭐야|이건뭐예|이거뭐야|뭐하는거|비교|차이|뭐가달라|뭐가다른|다른점",
	  "what is this|what are these|whats this|what are they|compare|comparison|difference*|differ" },
	{ M_THANKS,
	  "^고마|정말고마|너무고마|^감사|감사합|감사해|감사드|감사요|땡큐|=ㄱㅅ|=ㄳ|수고|사랑해|=ㅅㄱ|🙏",
	  "thank you|thanks|thx|tks|ty|tysm|cheers|appreciate it|i love you|love you" },
	{ M_BYE,
	  "잘가|잘자|굿나잇|굿밤|=ㅂㅂ|=ㅂㅇ|=ㅂ2|=바이|^바이바이|^빠이|다음에봐|또올게|그만할|그만하자|=그만|그만$|그만해$|그만해요$|그만둘|대화종료|=끝|끝낼|=종료",
	  "bye|goodbye|good night|goodnight|cya|see you|see ya|quit|=stop|=exit|=end|im done|im leaving|stop here|"
	  "thats all|that is all" },
	{ M_NO_BUDGET,
	  "돈상관없|돈은상관없|비용상관|예산상관없|가격상관없|예산은상관없|가격은상관없|예산없|예산은없|가격무관|금액상관없|"
	  "얼마든|비싸도괜찮|비싸도돼|예산안정|예산은아직|예산몰|넘어도돼|넘어도괜찮|넘어도상관",
	  "no budget|any budget|any price|price doesnt matter|budget doesnt matter|"
	  "dont care about the price|money is no object|no limit on price|forget the budget|"
	  "can be more|more is fine|more is ok" },
	{ M_ANY, "=ㅁㄹ|몰라|모르겠|모르는|아무거나|아무꺼나|상관없|글쎄|알아서|뭐든|다좋|다괜찮",
	  "dont know|not sure|anything|whatever|no idea|idk|dunno|surprise me|up to you|"
	  "you decide|you choose|dont mind|doesnt matter|either|both" },
	{ M_NOT_BRAND,
	  "브랜드말고|브랜드빼|브랜드제외|브랜드싫|브랜드는싫|브랜드별로|다른브랜드|딴브랜드|"
	  "브랜드바꿔|다른회사|다른메이커|브랜드아닌",
	  "not this brand|not that brand|not these brands|another brand|other brand*|"
	  "different brand*|dont like this brand|dont like the brand|dont like that brand|"
	  "change the brand|other maker*" },
	{ M_OTHER_COLOUR,
	  "다른색|다른섹|다른샊|다른컬러|다른칼라|딴색|색바꿔|색깔바꿔|색상바꿔|색깔별로|"
	  "색상별로|색말고|색깔말고|색상말고",
	  "other color*|other colour*|another color*|another colour*|different color*|"
	  "different colour*|not this color|not this colour|change the color|change the colour|"
	  "other shade*" },
	{ M_NONE, "아무것도안|아무것도없|없어|없음|없는데|없습|없네|=없다|없다고|=딱히|=딱히요|별로없|그닥",
	  "none|no hobb*|no interest|no interests|dont have|dont really have|no real hobb*|do not have|nothing special|"
	  "nothing really|nothing much" },
	{ M_RESTART, "=처음으로|처음부터|다시시작|리셋|초기화|새로시작",
	  "restart|start over|start again|reset|from the beginning|begin again" },
	{ M_HELP,
	  "자기소개|뭐할수있|뭘할수있|뭐해줄|뭘해줄|누구|도움말|도와줘|어떻게써|어떻게쓰|사용법|"
	  "무슨기능|이름이뭐|사람이야|사람인가|로봇이|인공지능|지피티|챗봇|에이아이|gpt야|gpt니|gpt인|상담원|상담사|고객센터|사람이랑|사람하고|사람연결",
	  "help|what can you do|who are you|how does this work|what are you|your name|about yourself|introduce yourself|who made you|are you alive|"
	  "how do i use this|are you a bot|are you human|are you real|real person|a robot|"
	  "a person|a machine|contact support|contact you|gpt|chatgpt|an ai|you human|a human|human agent|customer service|an agent|talk to someone" },
	{ M_DASHBOARD,
	  "대시보드|대쉬보드|리포트|레포트|소비내역|소비분석|내소비|소비패턴|지출|가계부|얼마썼|얼마나썼",
	  "dashboard|report|my spending|spending report|my expenses|how much did i spend|"
	  "how much have i spent|what i spent|spending habits" },
	{ M_CHEAPEST, "제일싼|가장싼|제일저렴|가장저렴|최저가|젤싼",
	  "cheapest|least expensive|lowest price" },
	{ M_CHEAPER, "안비싼|비싸지않", "not so expensive|not expensive|not too expensive|less expensive" },
	{ M_DEARER, "더비싼|더비싸|비싼거|비싼걸|비싼것|고급|더좋은|더예쁜|프리미엄|고가|더높은가격|품질좋은",
	  "nicer|more expensive|pricier|dearer|better quality|better one|better ones|premium|luxury|"
	  "high end|higher end|fancier|something better|higher quality" },
	{ M_CHEAPER,
	  "더싼|더싸|더저렴|싼거|싼걸|싼것|싼건|싼상품|싼제품|저렴한|저렴하|저렴이|비싸|비싼데|"
	  "비싸네|가격을낮|가격낮|낮은가격|더낮|싸게|가격이세|부담|돈이없",
	  "cheap*|cheep*|less expensive|too expensive|expensive|too much|lower price|lower priced|"
	  "too pricey|pricey|more affordable|affordable|costs too much|save money|low budget|"
	  "less money|budget friendly" },
	{ M_OTHER,
	  "다른스타일|다른느낌|다른디자인|다른모델|너무커|너무크|너무작|너무길|너무짧|너무무거|너무두꺼|너무얇|"
	  "특별한|색다른|독특한|신기한|더큰|더작은|더가벼|더무거|더얇|더두꺼|더긴|더짧|다른거|다른걸|다른것|다른건|다른상품|다른제품|다른물건|다른추천|다른종류|다른쪽|"
	  "다른분야|딴거|딴걸|딴건|말고|말구|바꿔|다시추천|다시골라|다시보여|새로운거|그외|"
	  "빼고|생각이바뀌|생각바뀌|마음이바뀌|마음바뀌|맘이바뀌|맘바뀌|맘이바뀜|맘바뀜|마음이바뀜|마음바뀜|생각바뀜",
	  "too big|too small|too heavy|too long|too short|bigger|smaller|larger|lighter|heavier|thinner|thicker|longer|shorter|softer|warmer|cuter|prettier|something else|another|others|different|else|other one*|other option*|other item*|"
	  "other product*|other thing*|change|not this|not that|not these|not those|"
	  "none of these|none of them|try again|refresh|new ones|changed my mind|change my mind|changed mind" },
	{ M_NO,
	  "👎|=ㄴ|=ㅅㄹ|=ㅂㄹ|관련없|엉뚱|이상한거|이상한것|이게추천|이상하|흔한|흔하|식상|촌스|못생|구려|구린|^아니|^아뇨|^아닌|싫|별로|맘에안|마음에안|안들어|안끌|=노|=노노|^놉|=ㄴㄴ|시러|"
	  "맘에들지않|마음에들지않|아쉬",
	  "=n|no|nope|nah|not really|dont like|do not like|hate|not good|dislike|none of these|"
	  "none of them|not for me|not my style|ugly|too plain|not nice|meh" },
	{ M_MORE,
	  "뭐가있|뭐있|뭐뭐있|카테고리|어떤종류|무슨종류|다음페이지|비슷한|더보여|더줘|더없|더있|더추천|더볼|더찾아|=더|=또|또보여|또있|또추천|또줘|몇개더|"
	  "하나더|계속|더많이",
	  "what do you have|what else|similar|what kinds|categories|next page|page 2|more|show more|=next|next one*|next please|keep going|any more|continue|go on" },
	{ M_KOREAN, "한국어로|한국말로|한글로|한국어가|한국어되|한국말되|한국어할",
	  "in korean|speak korean|korean please" },
	{ M_ENGLISH, "영어로|영어가|영어되|영어할", "in english|speak english|english please" },
	{ M_BEST,
	  "이거어때|이건어때|그거어때|그건어때|괜찮을까|좋을까|살만해|어디서팔|어디서파|판매처|뭐가제일|뭐가더|뭐가좋|뭐가나|어떤게제일|어떤게더|어떤게좋|어떤게나|어느게|제일추천|제일나은",
	  "which one is best|is it good|are they good|any good|worth it|who sells|which shop|which store|whats good|do you like|you like best|which is best|which is better|which one is better|whats best|"
	  "whats the best|which one would you|the best one|your favourite|your favorite" },
	{ M_PRICE,
	  "얼마였|얼마더라|얼마지|얼마야|얼마에요|얼마예요|얼마임|얼만|얼마죠|얼마인|가격이어|가격은어|"
	  "가격알려|가격은$|가격이얼마|=얼마|=가격",
	  "how much is|how much are|how much does|how much do|whats the price|"
	  "what is the price|what do they cost|what does it cost|=price|=prices|=how much|"
	  "what are the prices|the prices|the price" },
	{ M_HAVE, "있나|있을까|있니|있냐|있습니까|없나|없을까|없니|없냐|있음$|파나요|팔아|파니",
	  "do you have|do you sell|have you got|got any|any|is there|are there|you got|"
	  "what about|how about" },
	{ M_ACCEPT,
	  "이거주|그거주|저거주|요거주|이걸주|그걸주|거주세|번주세|째주세|째꺼|번째거로|이걸로|그걸로|저걸로|요걸로|이거로|그거로|걸로할|걸로해|걸로줘|걸로갈|거로할|번으로|"
	  "번할|살게|살께|살래|사겠|구매할|구입할|주문할|결제할|이거할|그거할|할게|할께|하겠|"
	  "로결정|로정할|로갈게|선택할|맘에들어|마음에들어|맘에듭|마음에듭|마음에드네|맘에드네|"
	  "이게좋|그게좋|이거좋|그거좋|이게제일|이게낫|이거다|걸로주|걸로부탁|장바구니|=이거|=이거요|"
	  "=이걸|=그거|=그거요",
	  "gimme the|give me the|ill take*|i will take|ill buy*|i will buy|ill have|ill get|ill go with|lets go with|"
	  "going with|go with|take it|take this|take that|buy it|buy this|buy that|this one|"
	  "that one|i like the|i prefer the|i want the|ill choose|i choose|id like the|"
	  "want this|want that|add it|sold|deal|add to cart|add to basket|checkout|check out|=buy|=ok buy|=this|=that" },
	{ M_YES,
	  "=ㅇ|=ㅇㅋㅇㅋ|^오케|개주세|^네$|^네네|^넵|^넹|^예$|^옙|^응$|^응응|^어$|^엉$|그래요|=그래|^그럼요|당연|물론|"
	  "^맞아|^콜$|=ㅇㅇ|=ㅇㅋ|^오케이|=좋아요|=좋아|=좋습니다|=좋지|그렇게해|=ㄱㄱ|=고고|"
	  "=ㄱ",
	  "=k|=kk|=y|yes|yeah|yep|yup|sure|=ok|=okay|=fine|ok then|okay then|of course|certainly|"
	  "absolutely|definitely|why not|lets do it|go ahead|please do|lets go|i do|i am|=right" },
	{ M_PRAISE,
	  "좋네|좋은데|좋다|예쁘|이쁘|괜찮네|괜찮은데|굿|최고|멋지|마음에|👍|👌|👏|😍|🥰|❤",
	  "nice|great|good|cool|perfect|lovely|love it|love them|like it|like them|like these|"
	  "like this|awesome|beautiful|sounds good|looks good" },
	{ M_LIKE, "좋아해|좋아하|좋아함|빠졌|빠져|즐겨|취미는|관심있|관심이있|꽂혔|꽂혀|좋아져",
	  "i like|i love|i enjoy|im into|am into|i am into|really into|fan of|interested in|"
	  "my hobby|my hobbies|keen on|i play|i do some" },
	{ M_RECOMMEND,
	  "추천|=ㅊㅊ|골라|찾아|찾는|찾고|보여|살만한|살거|살까|사고싶|사려|사야|사줘|구매하고|"
	  "구매하려|뭐살|뭐사|뭘살|뭘사|부탁",
	  "recommend*|recomend*|reccomend*|suggest*|show me|show some|show us|find me|"
	  "looking for|look for|buy|shop|shopping|pick|what should i get|what can i get|what can i buy" },
	{ M_NEED, "필요해|필요한데|쇼핑|구경|가지고싶|갖고싶",
	  "i need|i want|we need|=need|need a|need an|need new|need some|need something|need ideas|find|search|get me|give me|browse" },
	{ M_ACK,
	  "알겠어|알겠습|알았|그렇구나|그렇군|=아하|=오호|=ㅇㅎ|=음|=흠|=헐|=대박|=오|=와|미안|죄송|=ㅈㅅ|"
	  "잠깐만|잠시만|기다려|=ㄱㄷ|=ㅎㅎ|=ㅎ|허허|하하|호호|헤헤|히히",
	  "i see|=got it|gotcha|understood|makes sense|sorry|my bad|oops|=hmm|=oh|=ah|=wow|=lol|interesting|"
	  "wait|hold on|one moment|one sec" },
	{ M_GIFT, "선물", "gift|gifts|present|presents" },
	{ M_FOR,
	  "엄마|아빠|어머니|아버지|부모님|할머니|할아버지|여자친구|남자친구|여친|남친|동생|누나|언니|오빠|"
	  "친구한테|친구에게|친구꺼|친구선물|친구줄|아내|남편|와이프|장모|시어머니|선생님|상사|동료|후배|선배|"
	  "^딸|^아들",
	  "for mom|for mum|for dad|for my|for her|for him|for them|my mom*|my mum*|my dad*|my mother*|my father*|girlfriend*|"
	  "boyfriend*|my wife*|my husband*|my sister*|my brother*|my friend*|my son*|my daughter*|my boss*|"
	  "coworker*|colleague*|grandma*|grandpa*|she|he|shes|hes|her|him" },
	{ M_ASKS,
	  "낫나|나을까|나은가|뭐해$|영수증|취소하고싶|주문취소|환불해|반품하|혜택|누가|자세히|상세|더알고|얼마|언제|어떻게|뭐야|뭐에|뭔가요|무엇|어디|왜|몇|되나|인가|할수있|가능|알려|궁금|"
	  "방법|나요|까요|ㄹ까|는지|던가|인지|어때|무슨|어떤|설명|되니|돼요$|무슨뜻|뜻이|뜻은",
	  "what|whats|details|when|whens|how|hows|why|where|wheres|who|whos|which|can i|could i|do i|"
	  "does|is it|are you|will i|should i|may i|tell me|explain|am i|is my|wondering" },
	{ 0, NULL, NULL },
};

const struct word words_ordinals[] = {
	{ 1, "🥇|첫번째|첫째|첫번쨰|첫뻔째|1번|일번|=1|맨위|맨앞|맨왼쪽|첫번",
	  "first|1st|1 please|no 1|the 1|about 1|take 1|number one|number 1|option 1|option one|=1|=one|item 1" },
	{ 2, "🥈|두번째|둘째|두번쨰|2번|=2|가운데|중간거",
	  "second|secnd|2nd|2 please|no 2|the 2|about 2|take 2|number two|number 2|option 2|option two|=2|=two|middle|item 2" },
	{ 3, "🥉|세번째|셋째|세번쨰|3번|삼번|=3|맨아래",
	  "third|3rd|3 please|no 3|the 3|about 3|take 3|number three|number 3|option 3|option three|=3|=three|item 3" },
	{ ORDINAL_CHEAPEST, "제일싼걸로|제일싼거로|가장싼걸로|가장싼거로|제일저렴한걸로|가장저렴한걸로",
	  "cheapest one" },
	{ ORDINAL_LAST, "마지막|맨끝|맨뒤|맨오른쪽", "last one|the last one|=last|=the last|bottom one" },
	{ 0, NULL, NULL },
};

/* "not bad" before "bad", "안 좋아" before "좋아": the first row that fits counts. */
const struct word words_moods[] = {
	{ MOOD_SO_SO, "나쁘지않|나쁘진않|그냥저냥|그럭저럭|쏘쏘|그저그",
	  "not terrible|not bad|so so|not too bad|could be better|could be worse|meh|average|alright|all right" },
	{ MOOD_TIRED,
	  "피곤|지쳐|지쳤|지침|졸려|졸리|힘없|기운없|나른|번아웃|녹초|야근|잠못|잠을못|피로|"
	  "힘이없|기운이없|고단|😴|🥱|😪",
	  "tired|exhausted|sleepy|worn out|burned out|burnt out|burnout|drained|no energy|"
	  "long day|overworked|knackered|fatigued|wiped out|didnt sleep" },
	{ MOOD_BORED, "심심|지루|따분|무료해|할게없|할일이없|재미없", "bored|boring|nothing to do|dull" },
	{ MOOD_BAD,
	  "헤어졌|차였|싸웠|망쳤|망했|떨어졌|안좋|좋지않|우울|슬퍼|슬프|슬픔|짜증|화나|화났|화남|빡치|화가|힘들|힘든|외로|외롭|스트레스|"
	  "불안|속상|최악|나빠|나쁘|나쁜|별로|걱정|아파|아프|아픈|열받|빡|답답|울고|눈물|꿀꿀|"
	  "다운|초조|긴장|무기력|ㅠㅠ|ㅜㅜ|^ㅠ|^ㅜ|😢|😭|😞|😔|😡|😠|😩|😣|🙁|☹",
	  "broke up|broken up|dumped me|failed my|had a fight|not good|not great|not so good|not well|unhappy|sad|down|depressed|angry|mad|upset|"
	  "stressed|stress|stressful|anxious|lonely|bad|terrible|awful|horrible|sick|ill|"
	  "worried|gloomy|feeling blue|feel blue|rough|annoyed|frustrated|nervous|miserable|"
	  "hurt|crying|heartbroken|worst|crappy" },
	{ MOOD_GOOD,
	  "생일이야|생일이에요|생일이다|내생일|제생일|합격했|합격이|승진했|월급날|=ㄱㅊ|좋아요|좋아$|좋아졌|좋네|좋다|좋은|좋습|좋지|좋음|좋고|좋았|행복|신나|신남|기뻐|"
	  "기쁘|기쁜|최고|설레|설렘|즐거|즐겁|상쾌|완벽|굿|날아갈|들떠|뿌듯|두근|편안|여유|"
	  "ㅎㅎ|😀|😁|😃|😄|😊|🙂|🥰|😍|🎉|👍|☺|😆|🤗|😎",
	  "gud|my birthday|got promoted|got the job|passed my|good|great|happy|excited|fantastic|awesome|wonderful|amazing|well|cheerful|glad|"
	  "joyful|excellent|perfect|lovely|superb|relaxed|calm|energetic|fine|never better|"
	  "on top of the world|delighted|thrilled|pretty good|blessed|fun|nice|cool" },
	{ MOOD_SO_SO, "그냥|보통|무난|괜찮|평범|그래$|그래요$|똑같|쏘쏘|평소|평온|담담|멍",
	  "okay|ok|normal|usual|nothing special|same as always|same as ever|neutral|not much" },
	{ 0, NULL, NULL },
};

const char *
words_mood_code(int mood)
{
	static const char *const codes[MOOD__MAX] = {
		[MOOD_GOOD] = "good",	[MOOD_SO_SO] = "so_so", [MOOD_BAD] = "bad",
		[MOOD_TIRED] = "tired", [MOOD_BORED] = "bored",
	};

	return codes[mood];
}

const struct colour words_colours[] = {
	{ "black", "검정", "black", "검정|검은|까만|까망|블랙", "black" },
	{ "white", "흰색", "white", "흰색|흰거|흰걸|하얀|하양|화이트|백색", "white" },
	{ "grey", "회색", "grey", "회색|그레이|쥐색|그래이", "grey|gray" },
	{ "silver", "은색", "silver", "^은색|실버색|실버로|실버컬러", "silver" },
	{ "navy", "남색", "navy", "남색|네이비|곤색", "navy" },
	{ "sky", "하늘색", "sky blue", "하늘색|스카이블루|연파랑", "sky blue|light blue" },
	{ "blue", "파랑", "blue", "파란|파랑|블루$|블루색|블루로|블루컬러|블루톤|푸른색|청색", "blue" },
	{ "mint", "민트", "mint", "민트색|민트컬러|민트로|=민트", "mint" },
	{ "olive", "올리브", "olive", "올리브색|카키", "olive|khaki" },
	{ "green", "초록", "green", "초록|녹색|그린색|그린컬러|연두", "green" },
	{ "brown", "갈색", "brown", "갈색|브라운|밤색", "brown" },
	{ "ivory", "아이보리", "ivory", "아이보리|크림색", "ivory|cream coloured|cream colored" },
	{ "beige", "베이지", "beige", "베이지", "beige" },
	{ "pink", "분홍", "pink", "분홍|핑크", "pink" },
	{ "red", "빨강", "red", "빨간|빨강|레드$|레드색|레드로|레드컬러|붉은|적색", "red" },
	{ "orange", "주황", "orange", "주황|오렌지색|오렌지컬러", "orange" },
	{ "yellow", "노랑", "yellow", "노란|노랑|옐로", "yellow" },
	{ "purple", "보라", "purple", "보라색|^보라$|^보라로|보라컬러|퍼플|자주색", "purple|violet" },
	{ "gold", "금색", "gold", "^금색|골드색|황금색", "gold|golden" },
	{ "wood", "원목", "natural wood", "원목|나무색|^우드", "wooden|natural wood" },
	{ "clear", "투명", "clear", "투명", "transparent|see through|=clear" },
	{ NULL, NULL, NULL, NULL, NULL },
};
